# SPDX-License-Identifier: GPL-2.0-or-later
"""Imports programs in Python whose names have no suffix."""
import importlib.machinery
import importlib.util
import os


def load_script(path):
    """The program at a path, as a module."""
    name = os.path.basename(path)
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module
