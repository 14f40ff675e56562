"""MFA registration: who starts one, its steps and the links that lead to it."""
