"""The words of Banners, the rule, the rotation and the images; this imports no other part."""
