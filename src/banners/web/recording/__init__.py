"""Records what happens on pages: which banners were seen, and which were clicked."""
