"""The central configuration service: settings in scopes in; the effective settings of one node out."""

from treadle.store.scopes import Scope, Setting, effective
from treadle.store.sqlite import Change, Store

__all__ = ["Change", "Scope", "Setting", "Store", "effective"]
