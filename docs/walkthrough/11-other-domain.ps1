# The middle may be of another domain: its controller is asked for it.
$middle = Get-ADComputer -Identity ServerB -Server dc1.fabrikam.com
Set-ADComputer -Identity ServerC -PrincipalsAllowedToDelegateToAccount $middle
