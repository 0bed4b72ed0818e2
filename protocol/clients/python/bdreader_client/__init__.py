"""Reference client of the upscaling worker's protocol, version 1. See README.md."""

from .client import UpscaleClient
from .errors import ConnectionLost, ProtocolViolation, RequestFailed
from .request import Request, Result

__version__ = "0.1.0"
__all__ = ["ConnectionLost", "ProtocolViolation", "Request", "RequestFailed", "Result", "UpscaleClient"]
