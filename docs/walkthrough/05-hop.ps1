# Now ServerB may go on to ServerC for Alice: its files, its processes, its log.
$alice = Get-Credential Contoso\Alice
$target = 'ServerC'
Invoke-Command -ComputerName ServerB -Credential $alice -ScriptBlock {
    Test-Path \\$($using:target)\C$
    Get-Process lsass -ComputerName $($using:target)
    Get-EventLog -LogName System -Newest 3 -ComputerName $($using:target)
}

# PowerShell remoting itself is not among what goes on: a program in the session has no ticket to
# get another with, and the domain is not even asked.
Invoke-Command -ComputerName ServerB -Credential $alice -ScriptBlock {
    Invoke-Command -ComputerName ServerC -ScriptBlock { hostname }
}
