"""Policies: what picks the lineups of a campaign. Figures in; lineups and a sentence out."""
