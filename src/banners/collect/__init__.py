"""Records impressions, clicks and conversions, and makes event files from them."""
