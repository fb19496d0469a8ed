# ServerB remembers for a quarter of an hour that it was refused. Its own logon session, 0x3e7, is
# where it does.
Invoke-Command -ComputerName ServerB -Credential $alice -ScriptBlock {
    klist purge -li 0x3e7
}
