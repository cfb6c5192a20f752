"""The web application: the form, the pages, the JSON, and every error as an answer."""
