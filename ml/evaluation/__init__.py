"""How good the models are: measures, evaluations on real and simulated data, model cards."""
