"""The JSON addresses and the OpenAPI document."""
