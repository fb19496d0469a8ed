# Nobody may any more: the attribute is gone.
Set-ADComputer -Identity ServerC -PrincipalsAllowedToDelegateToAccount $null
