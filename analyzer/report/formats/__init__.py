"""One renderer a file: the report as text, JSON, Markdown, SARIF, JUnit, tables and notebook cells."""
