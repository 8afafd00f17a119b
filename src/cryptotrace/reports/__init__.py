"""Documents: one content model, figures, languages and renderers. Reports render from a frozen dossier only."""
