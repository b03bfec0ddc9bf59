"""The proof that nothing acknowledged is lost: load, kills, power cuts, and the judge of
what is found afterwards. `check` judges, and knows no service; the rest makes trouble."""
