"""The vault: identified rows, the identity register, consents, requests and ledgers, encrypted at rest."""
