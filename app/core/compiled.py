"""One release, compiled: all that makes its answers but the words in which a patient reads them."""

from app.core.accompany import Accompany
from app.core.finding import Finder
from app.core.follow import Follow
from app.core.rules import Release
from app.core.traits import Traits
from app.core.why import Why


class Compiled:
    """What the engines of one release have in common, in whatever language they answer."""

    def __init__(self, release: Release) -> None:
        self.finder = Finder(release)
        self.why = Why(release, self.finder)
        self.follow = Follow(release, self.finder, self.why)
        self.accompany = Accompany(release)
        self.traits = Traits(release.facts, release.weights, self.finder.logic.sight, self.accompany.sight)
