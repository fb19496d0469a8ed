# Without any delegation: the password goes along, for the second hop alone.
$administrator = Get-Credential Contoso\Administrator
Invoke-Command -ComputerName ServerB -Credential $administrator -ScriptBlock {
    hostname
    Invoke-Command -ComputerName ServerC -Credential $using:administrator -ScriptBlock { hostname }
}

# CredSSP gives it to ServerB for as long as the session lasts: ServerB is Alice then, wherever it
# likes.
$alice = Get-Credential Contoso\Alice
Invoke-Command -ComputerName ServerB -Credential $alice -Authentication CredSSP -ScriptBlock {
    Invoke-Command -ComputerName ServerC -ScriptBlock { hostname }
}
