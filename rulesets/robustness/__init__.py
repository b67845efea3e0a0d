"""How firm a ranking is: ranks under stated uncertainty of weights, figures and answers, drawn many times."""
