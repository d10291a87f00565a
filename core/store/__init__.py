"""The DuckDB file: one connection owner, numbered migrations, one module a domain; all SQL is here."""
