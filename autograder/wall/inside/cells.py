"""Runs a notebook's cells, as a kernel does, but for what only this machine cannot do: that costs its own statement and no other.

A cell runs at once. Where one of its statements fails, the next one goes on; the judge interrupts one that takes too long.
"""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograder.wall.inside.shell import CELL_MAGIC, Shell, colab, install, is_of_colab
from autograder.wall.inside.statements import ANY, at, bound, definitions, left_out, outline, start
from autograder.wall.inside.student import describe

WHOLE, DEFINITIONS = "whole", "definitions"
MANY = 2000  # names or errors that a report holds at most


class Cut(BaseException):
    """The judge has knocked: the statement that runs has had its time. A BaseException, so that `except Exception` does not keep it."""


class Cells:
    """The namespace of a notebook, and what runs its cells there.

    Parameters
    ----------
    tell : function of a dict
        Sends the judge a message while a cell runs: {"cut": …}, where a statement was interrupted.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None] = lambda message: None):
        main = types.ModuleType("__main__")
        sys.modules["__main__"] = main
        self.namespace = main.__dict__
        self._tell, self._running = tell, False
        self._waiting: tuple[int, int] | None = None
        self._name, self._strict = "<cell 0>", False
        self._report: dict[str, list[Any]] = {}
        self._shell = Shell(self.namespace, self._part)
        install(self._shell)

    def knocked(self, *_signal: Any) -> None:
        """Of a signal of the judge's: interrupt the student's code, and nothing else."""
        if self._running:
            raise Cut

    def run(
        self,
        source: str,
        number: int,
        part: str | list[int] = WHOLE,
        skip: Sequence[list[int]] = (),
        lines: Sequence[int] = (),
        strict: bool = False,
    ) -> dict[str, list[Any]]:
        """Run a cell and report.

        Parameters
        ----------
        part
            "whole"; "definitions", for these alone; or which of them, by index.
        skip : list of [line, column]
            Where statements begin that are left out.
        lines : [first, last]
            Where the statements begin that are run; all, where that is empty.
        strict : bool
            A statement that fails ends the cell, as in a kernel.

        Returns
        -------
        dict of what there is to say:
            errors : what `describe` says of each statement that failed
            bound : names that have another meaning now, or none; ANY where they are too many to be told
            rebound : those among them that got it behind a statement that failed, where a kernel would not have gone
            lost : [name, names]: a statement failed and did not give these a meaning; for want of the first, where that is not ""
            left : names to which statements that are no definitions would have given a meaning
        """
        self._name, self._strict, self._report = f"<cell {number}>", strict, {}
        linecache.cache[self._name] = (len(source), None, source.splitlines(True), self._name)
        before = self._meanings()
        try:
            text = self._unwrapped(source)
            if text is not None and part == WHOLE and not skip and not lines:
                self._go(*self._read(text))
            elif text is not None:
                body = [s for s in self._chosen(self._parsed(text), part) if list(start(s)) not in skip]
                if lines:
                    body = [s for s in body if lines[0] <= start(s)[0] <= lines[1]]
                if body:
                    self._go(self._compiled(ast.Module(body, [])), body)
        except BaseException as error:
            self._failed(error)
        changed = self._changed(before)
        self._note("bound", *(changed if len(changed) <= MANY else [ANY]))
        return self._report

    def outline(self, source: str) -> dict[str, Any]:
        """What of a cell can be had without running it whole: names that each of its definitions binds and uses, and the others."""
        try:
            return outline(self._parsed(self._unwrapped(source) or ""))
        except BaseException:
            return {"definitions": [], "left": []}

    def uses(self, name: str) -> dict[str, list[str]]:
        """See `used`."""
        return used(name, self.namespace)

    def _note(self, kind: str, *things: Any) -> None:
        if things:
            self._report[kind] = (self._report.get(kind, []) + list(things))[:MANY]

    def _failed(self, error: BaseException, statement: ast.stmt | None = None) -> None:
        self._note("errors", describe(error, self.namespace))
        if statement is not None and (names := bound(statement)):
            wanted = error.name if isinstance(error, NameError) and isinstance(error.name, str) else ""
            self._note("lost", [wanted[:100], sorted(names)[:MANY]])

    def _meanings(self) -> tuple[dict[str, int], list[Any]]:
        """What each name stands for, by its address; and what must be kept for that, or another thing could get the same one.

        Arrays are not kept: their memory may be needed.
        """
        named = [(n, v) for n, v in self.namespace.items() if type(n) is str and n[:2] != "__"]
        return {name: id(value) for name, value in named}, [value for _, value in named if callable(value)]

    def _changed(self, before: tuple[dict[str, int], list[Any]]) -> list[str]:
        now, then = self._meanings()[0], before[0]
        changed = [name for name in now if then.get(name) != now[name]] + [name for name in then if name not in now]
        return [name[:100] for name in changed]

    def _unwrapped(self, source: str) -> str | None:
        """Without cell magics, which leave empty lines; None where there is nothing to run."""
        text, above = source, ""
        while magic := CELL_MAGIC.match(text):
            name, line = magic.groups()
            above += "\n" * magic[0].count("\n")
            body = self._shell.unwrap(name, line, text[magic.end() :])
            if body is None:
                return None
            text = body
        return above + text if text != source else source

    def _read(self, text: str) -> tuple[types.CodeType, None, str]:
        """A cell as code, and as Python without IPython's line magics and shell escapes."""
        try:
            return self._compiled(text), None, text
        except SyntaxError:
            text = _without_magics(text)
            return self._compiled(text), None, text

    def _parsed(self, text: str) -> list[ast.stmt]:
        try:
            return ast.parse(text).body
        except SyntaxError:
            return ast.parse(_without_magics(text)).body

    def _chosen(self, body: list[ast.stmt], part: str | list[int]) -> list[ast.stmt]:
        if part == WHOLE:
            return body
        kept = definitions(body)
        self._note("left", *left_out(body, kept))
        return kept if isinstance(part, str) else [kept[index] for index in part if index < len(kept)]

    def _compiled(self, code: str | ast.Module) -> types.CodeType:
        """As a notebook does: with `await` at the top level, and what an earlier cell took from `__future__`."""
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        for value in list(self.namespace.values()):
            if type(value) is __future__._Feature:
                flags |= value.compiler_flag
        return compile(code, self._name, "exec", flags, dont_inherit=True)

    def _go(self, code: types.CodeType, body: list[ast.stmt] | None, text: str = "") -> None:
        """Run code to its end, behind each statement that fails as well; `body` is parsed where that is needed."""
        before, failed = None, None
        while True:
            try:
                self._execute(code)
                break
            except BaseException as error:
                failed = error
            if body is None:
                body = self._parsed(text)
            place = _place(failed, self._name) or self._waiting
            index = at(body, place) if place else None
            if index is None:
                self._failed(failed)
                break
            statement, body = body[index], body[index + 1 :]
            if is_of_colab(failed):
                failed = self._on_colab(statement)
            if isinstance(failed, Cut):
                line, column = start(statement)
                source = linecache.getline(self._name, line).strip()[:120]
                self._tell({"cut": {"line": line, "column": column, "source": source}})
            elif failed is not None:
                self._failed(failed, statement)
                if self._strict:
                    break
            before = self._meanings() if before is None else before
            if not body:
                break
            code = self._compiled(ast.Module(body, []))
        failed = None  # its traceback holds this frame, and all that the statement has held
        if before is not None:
            self._note("rebound", *(name for name in self._changed(before) if name in before[0]))

    def _on_colab(self, statement: ast.stmt) -> BaseException | None:
        """Run a statement once more with what Google Colab has; how it failed."""
        try:
            with colab():
                self._execute(self._compiled(ast.Module([statement], [])))
        except BaseException as error:
            return error
        return None

    def _execute(self, code: types.CodeType) -> None:
        outer, self._running, self._waiting = self._running, True, None
        try:
            if code.co_flags & inspect.CO_COROUTINE:
                self._await(eval(code, self.namespace))
            else:
                exec(code, self.namespace)
        finally:
            self._running = outer

    def _await(self, whole: types.CoroutineType) -> None:
        """Run code with `await` at the top level; where it is interrupted while it waits, no traceback says at which statement."""
        import asyncio

        with asyncio.Runner() as runner:
            try:
                runner.run(whole)
            except BaseException:
                if whole.cr_frame is not None:
                    self._waiting = _position(whole.cr_frame.f_code, whole.cr_frame.f_lasti)
                raise

    def _part(self, source: str) -> None:
        """Run a piece of code that the cell which runs holds as text."""
        text = self._unwrapped(source)
        if text is not None:
            self._go(*self._read(text))


def _without_magics(text: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(text)


def _place(error: BaseException, name: str) -> tuple[int, int] | None:
    """Line and column of the cell at which it failed; None where it did not run."""
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename == name and code.co_name == "<module>":
            return _position(code, step.tb_lasti)
        step = step.tb_next
    return None


def _position(code: types.CodeType, instruction: int) -> tuple[int, int]:
    line, _, column, _ = list(code.co_positions())[instruction // 2]
    return line or 0, column or 0


def used(name: str, namespace: dict[str, Any]) -> dict[str, list[str]]:
    """The global names that what has a name asks for when it is called, and what these ask for in turn."""
    found: dict[str, list[str]] = {}
    todo = [name]
    while todo and len(found) < MANY:
        name = todo.pop()
        if name not in found:
            try:
                found[name] = sorted(set(_asked_for(namespace.get(name), namespace)))[:MANY]
            except BaseException:  # an object of the student's own making
                found[name] = []
            todo += found[name]
    return found


def _asked_for(thing: Any, namespace: dict[str, Any]) -> Iterator[str]:
    """Names that a function, a class or what is made of them looks up among the notebook's."""
    todo, seen = [thing], {}
    while todo:
        thing = todo.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        if isinstance(thing, functools.partial):
            todo += [thing.func, *thing.args, *thing.keywords.values()]
        elif isinstance(thing, types.MethodType):
            todo.append(thing.__func__)
        elif isinstance(thing, types.FunctionType):
            if thing.__globals__ is namespace:
                yield from _looked_up(thing.__code__)
            todo += [thing.__dict__.get("__wrapped__"), *(c.cell_contents for c in thing.__closure__ or ())]
        elif isinstance(thing, type) and thing.__module__ == "__main__":
            parts = [getattr(part, "fget", None) or getattr(part, "__func__", part) for part in vars(thing).values()]
            todo += [*thing.__bases__, *(part for part in parts if isinstance(part, types.FunctionType))]
        elif type(thing).__module__ == "__main__":
            todo.append(type(thing))


def _looked_up(code: types.CodeType) -> Iterator[str]:
    import dis

    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield step.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _looked_up(constant)
