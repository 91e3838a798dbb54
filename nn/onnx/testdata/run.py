"""Runs exported networks on raw inputs, for the tests of package onnx.

usage: run.py CASE...
Each CASE is a JSON file {"name", "model": file, "inputs": [{"name", "type", "shape", "file"}],
"output": file}; data files hold little-endian elements. Exits with 77 where
onnxruntime is missing.
"""
import json
import sys

try:
    import numpy
    import onnxruntime
except ImportError as e:
    print(e)
    sys.exit(77)
try:
    import onnx
except ImportError:
    onnx = None


def load(path):
    if onnx is not None:
        onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


sessions = {}
for path in sys.argv[1:]:
    case = json.load(open(path))
    model = case["model"]
    try:
        if model not in sessions:
            sessions = {model: load(model)}
        session = sessions[model]
        feeds = {i["name"]: numpy.fromfile(i["file"], i["type"]).reshape(i["shape"]) for i in case["inputs"]}
        out = session.run(None, feeds)[0]
    except Exception as e:
        sys.exit("%s: %s" % (case["name"], e))
    out.astype("<f4").tofile(case["output"])
