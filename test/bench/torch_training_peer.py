"""The PyTorch side of `npm run bench -- training`: the segment network and its training step in eager PyTorch."""
import json
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Segment(nn.Module):
    """The network of libs/forecasting/src/kinds/segment/network.ts without cycle and covariates, which the default config leaves out."""

    def __init__(self, c, tensors):
        super().__init__()
        self.c = c
        D = c["hidden"]
        self.gru = gru = c["cell"] == "gru"

        def linear(name, bias=True):
            w = tensors[name + ".w"]
            layer = nn.Linear(w.shape[0], w.shape[1], bias=bias)
            layer.weight = nn.Parameter(w.T.contiguous())
            if bias:
                layer.bias = nn.Parameter(tensors[name + ".b"].clone())
            return layer

        def bare(w):
            layer = nn.Linear(w.shape[0], w.shape[1], bias=False)
            layer.weight = nn.Parameter(w.T.contiguous())
            return layer

        def recurrent(cell, name, suffix):
            with torch.no_grad():
                getattr(cell, "weight_ih" + suffix).copy_(tensors[name + ".wx"].T)
                getattr(cell, "weight_hh" + suffix).copy_(tensors[name + ".wh"].T)
                getattr(cell, "bias_ih" + suffix).copy_(tensors[name + ".b"])
                inner = getattr(cell, "bias_hh" + suffix)
                inner.copy_(tensors[name + ".bu"]) if gru else inner.zero_()
            return cell

        self.embed = linear("embed")
        self.encoder = recurrent((nn.GRU if gru else nn.LSTM)(D, D), "encoder", "_l0")
        self.query = linear("query")
        self.decoder = recurrent((nn.GRUCell if gru else nn.LSTMCell)(D, D), "decoder", "")
        self.contextual = bare(tensors["contextual.q"])
        self.lag = nn.Parameter(tensors["contextual.lag"].clone())
        self.mix_state = nn.Linear(D, D)
        self.mix_state.weight = nn.Parameter(tensors["mix.state"].T.contiguous())
        self.mix_state.bias = nn.Parameter(tensors["mix.b"].clone())
        self.mix_context = bare(tensors["mix.context"])
        self.median = linear("median")
        self.spread = linear("spread")
        self.temporal = linear("temporal")
        self.gate = linear("gate")
        self.table = nn.Parameter(tensors["series.embedding"].clone())
        self.series = bare(tensors["series.w"])
        self.dropout = nn.Dropout(c["dropout"])
        self.register_buffer("cumulative", torch.tensor(c["cumulative"], dtype=torch.float32).reshape(len(c["levels"]) - 1, -1))

    def forward(self, x):
        c = self.c
        D, m, w, K = c["hidden"], c["m"], c["w"], c["K"]
        B = x["segments"].shape[1]
        h, last = self.encoder(F.relu(self.embed(x["segments"])))
        query = F.relu(self.query(x["queries"]) + self.series(self.table[x["series"]]))
        if self.gru:
            state = self.decoder(query.reshape(m * B, D), last[0].repeat(m, 1)).reshape(m, B, D)
        else:
            state = self.decoder(query.reshape(m * B, D), tuple(part[0].repeat(m, 1) for part in last))[0].reshape(m, B, D)
        before = torch.cat([torch.zeros(1, B, D), h[:-1]], 0).transpose(0, 1)
        scores = torch.bmm(self.contextual(state).transpose(0, 1), before.transpose(1, 2)) / D**0.5 + self.lag
        if "segmentBias" in x:
            scores = scores + x["segmentBias"]
        context = torch.bmm(torch.softmax(scores, 2), h.transpose(0, 1)).transpose(0, 1)
        z = self.dropout(F.relu(self.mix_state(state) + self.mix_context(context)))
        logits = self.temporal(z).reshape(m, B, w, K)
        if "candidateBias" in x:
            logits = logits + x["candidateBias"]
        copied = (torch.softmax(logits, 3) * x["candidates"]).sum(3)
        median = self.median(z) + torch.sigmoid(self.gate(z)) * copied
        increments = F.softplus(self.spread(z).reshape(m, B, w, -1))
        return median.unsqueeze(3) + increments @ self.cumulative


net = optimiser = average = pool = config = levels = None


def load(c):
    global net, optimiser, average, pool, config, levels
    torch.set_num_threads(c["threads"])
    torch.manual_seed(0)
    config = c
    flat = np.fromfile(c["weights"], dtype=np.float32)
    tensors = {t["name"]: torch.from_numpy(flat[t["offset"] : t["offset"] + int(np.prod(t["shape"]))].reshape(t["shape"]).copy()) for t in c["tensors"]}
    data = np.fromfile(c["pool"], dtype=np.float32)
    pool, at = {}, 0
    for name, shape in c["arrays"].items():
        size = int(np.prod(shape))
        pool[name] = torch.from_numpy(data[at : at + size].reshape(shape).copy())
        at += size
    pool["series"] = pool["series"].long()
    net = Segment(c, tensors)
    levels = torch.tensor(c["levels"])
    matrices = [p for p in net.parameters() if p.dim() == 2 and p is not net.lag and p is not net.table]
    others = [p for p in net.parameters() if not any(p is q for q in matrices)]
    optimiser = torch.optim.AdamW([{"params": matrices, "weight_decay": 1e-4}, {"params": others, "weight_decay": 0}], lr=2e-3)
    average = [p.detach().clone() for p in net.parameters()]
    net.eval()
    with torch.no_grad():
        net(pool).numpy().tofile(c["output"])
    net.train()
    return {"torch": torch.__version__, "parameters": sum(p.numel() for p in net.parameters())}


def step():
    rows = torch.randint(config["size"], (config["batch"],))
    x = {name: (t[rows] if name in ("series", "segmentBias") else t[:, rows]) for name, t in pool.items()}
    over = net(x) - x["target"].unsqueeze(3)
    loss = (x["weight"].unsqueeze(3) * over * ((over > 0).float() - levels)).mean()
    optimiser.zero_grad()
    loss.backward()
    parameters = list(net.parameters())
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimiser.step()
    with torch.no_grad():
        torch._foreach_lerp_(average, parameters, 0.005)
    return loss.item()


def timed(c):
    start = time.perf_counter()
    for _ in range(c["steps"]):
        step()
    return {"ms": (time.perf_counter() - start) * 1000 / c["steps"]}


for line in sys.stdin:
    command = json.loads(line)
    print(json.dumps({"load": load, "time": timed}[command["op"]](command)), flush=True)
