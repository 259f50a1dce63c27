"""The HTTP client: bounded in time and size, follows nothing, keeps nothing, calls only what the policy allows."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace, TracebackType
from typing import Any, Literal, Self

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDictProxy

from shared.errors import Invalid
from shared.http.addresses import OutboundPolicy, RefusedAddress
from shared.http.urls import check_url
