"""The store: tables, migrations, the two kinds of transaction."""
