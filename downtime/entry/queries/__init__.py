"""Questions on a field of a form: asked by somebody of the records team, answered, closed."""
