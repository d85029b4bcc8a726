"""The PyTorch side of `npm run bench -- kernels`: reads commands as JSON lines, answers with JSON lines."""
import json
import sys
import time

import numpy as np
import torch

layer = x = dy = None


def load(c):
    """Builds the layer with our weights, and leaves its output and gradients for comparison."""
    global layer, x, dy
    torch.set_num_threads(c["threads"])
    kind, T, B, I, H = c["kind"], c["T"], c["B"], c["I"], c["H"]
    gates = 4 if kind == "lstm" else 3
    data = np.fromfile(c["input"], dtype=np.float32)
    parts, at = [], 0
    for shape in [(T, B, I), (I, gates * H), (H, gates * H), (gates * H,), (gates * H,), (T, B, H)]:
        size = int(np.prod(shape))
        parts.append(torch.from_numpy(data[at : at + size].reshape(shape).copy()))
        at += size
    x, wx, wh, b, bu, dy = parts
    layer = (torch.nn.LSTM if kind == "lstm" else torch.nn.GRU)(I, H)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(wx.T)
        layer.weight_hh_l0.copy_(wh.T)
        layer.bias_ih_l0.copy_(b)
        layer.bias_hh_l0.copy_(bu)
    x.requires_grad_(True)
    y = step()
    out = [y.detach(), x.grad, layer.weight_ih_l0.grad.T, layer.weight_hh_l0.grad.T, layer.bias_ih_l0.grad]
    if kind == "gru":
        out.append(layer.bias_hh_l0.grad)
    np.concatenate([np.ascontiguousarray(t.numpy()).ravel() for t in out]).tofile(c["output"])
    return {"torch": torch.__version__}


def step():
    layer.zero_grad()
    x.grad = None
    y, _ = layer(x)
    y.backward(dy)
    return y


def timed(c):
    start = time.perf_counter()
    for _ in range(c["steps"]):
        step()
    return {"ms": (time.perf_counter() - start) * 1000 / c["steps"]}


for line in sys.stdin:
    command = json.loads(line)
    print(json.dumps({"load": load, "time": timed}[command["op"]](command)), flush=True)
