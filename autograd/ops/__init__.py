"""The ops, each one declaration: forward function, rules, how it prints, what it is checked on."""
