"""What the packed model looks for; the stand-in has none."""


class GELUActivation:
    pass
