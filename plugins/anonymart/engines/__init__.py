"""The same models on another engine: what it is handed, its process, and the comparison with DuckDB."""
