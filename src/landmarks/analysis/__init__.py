"""What is made of finished runs: curves, the exchange rate, tables, the report."""
