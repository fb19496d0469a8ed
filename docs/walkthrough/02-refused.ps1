# The first hop works: Alice is on ServerB.
$alice = Get-Credential Contoso\Alice
Invoke-Command -ComputerName ServerB -Credential $alice -ScriptBlock {
    hostname
    whoami
}

# The second does not. ServerB has a ticket that says who Alice is, and nothing that it could show to
# ServerC: its computer account asks the domain to speak for her, and the domain says no.
Invoke-Command -ComputerName ServerB -Credential $alice -ScriptBlock {
    Test-Path \\ServerC\C$
}
