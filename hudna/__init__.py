"""hudna reads news on the Libyan conflict: who acts, which side each is on, what is claimed about a ceasefire.

>>> from hudna import predict
>>> analysis = predict("Ankara said on Monday that the truce was holding.", date="2020-10-26")
>>> [(actor.name, actor.side) for actor in analysis.actors]  # doctest: +SKIP
"""

from hudna.results import Actor, Analysis, Claim, Mention
from hudna.tagger import Tagger, load, predict

__all__ = ["Actor", "Analysis", "Claim", "Mention", "Tagger", "load", "predict"]
