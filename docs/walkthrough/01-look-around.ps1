# Who sits here, and what there is.
whoami
$env:COMPUTERNAME

# ServerB lets people work on it from afar: nobody has to log on to ask.
Test-WSMan ServerB

# Its service runs as NetworkService. On the network that is the computer's own account, SERVERB$:
# whoever is to act for Alice at ServerC is this account, and no person.
Get-WmiObject Win32_Service -Filter 'Name="winrm"' -ComputerName ServerB | Format-List Name, StartName
