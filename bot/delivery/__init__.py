"""Ways out to partners: webhooks and e-mail. Neither shows an address or a secret in what it raises."""
