"""What is run over a lead database: one module per command."""
