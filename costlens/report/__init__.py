"""Write answers down for people and programs that do not ask: one folder a month."""
