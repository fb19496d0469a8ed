# What a purge forgets, a restart forgets as well.
Restart-Computer ServerB -Force -Wait -For WinRM
