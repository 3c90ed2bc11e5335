"""Runs PyTorch programs from a JSON file, each in a namespace of its own, and writes what they came to.

    /usr/bin/python3 run_programs.py programs.json answers.json

Exit code 77 where torch is not there.
"""

import contextlib
import io
import json
import sys
import traceback

try:
    import torch
except ImportError as error:
    print(error)
    sys.exit(77)


def plain(value):
    """Lists of numbers, exactly: repr() of a float reads back to the same."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value


def run(program):
    torch.set_default_dtype(torch.float32)
    space = {"__name__": "__main__"}
    sys.argv = [program["name"], *program["arguments"]]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(program["source"], program["name"], "exec"), space)
            return {"answers": [plain(eval(question, space)) for question in program["ask"]], "error": ""}
    except BaseException:
        return {"answers": [], "error": traceback.format_exc()}


def main():
    torch.set_num_threads(1)
    with open(sys.argv[1], encoding="utf-8") as file:
        programs = json.load(file)
    out = sys.argv[2]
    answers = [run(program) for program in programs]
    with open(out, "w", encoding="utf-8") as file:
        json.dump(answers, file)


main()
