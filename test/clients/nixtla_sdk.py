"""The nixtla SDK against Almanac, as its users write it; one JSON object on stdout. NIXTLA_BASE_URL and NIXTLA_API_KEY say where."""
import json
import logging

import numpy as np
import pandas as pd
from nixtla import ApiError, NixtlaClient

logging.disable(logging.CRITICAL)
client = NixtlaClient(max_retries=1)
STEPS = 120


def panel(steps=STEPS):
    t = np.arange(steps)
    days = pd.date_range("2024-01-01", periods=steps, freq="D")
    of = lambda name, level: pd.DataFrame({"unique_id": name, "ds": days, "y": level + 10 * np.sin(2 * np.pi * t / 7)})
    # Not in the order of the ids: the SDK sorts.
    return pd.concat([of("b", 200.0), of("a", 100.0)])


def rows(frame):
    return json.loads(frame.to_json(orient="records", date_format="iso"))


def refusal(call):
    try:
        call()
    except ApiError as error:
        return {"status": error.status_code, "code": error.body["code"], "text": str(error)}
    return None


df = panel()
spiked = df.copy()
spiked.iloc[90, 2] = 500.0
open_end = df.copy()
open_end.iloc[[STEPS - 1, STEPS - 2], 2] = np.nan
hours = pd.date_range("2024-01-01", periods=24 * 40 + 24, freq="h")
cut = (np.arange(len(hours)) // 24 % 3 == 0).astype(float)
shop = pd.DataFrame({"unique_id": "s", "ds": hours, "cut": cut})
shop["y"] = (10 + 4 * np.sin(2 * np.pi * np.arange(len(hours)) / 24)) * (1 + cut)
known, ahead = shop.iloc[: 24 * 40], shop.iloc[24 * 40 :].drop(columns="y")
many = pd.concat([panel(2048).assign(unique_id=lambda d, i=i: d.unique_id + str(i)) for i in range(40)])


def covariates(**more):
    return client.forecast(known, h=24, freq="h", X_df=ahead, **more)


named = {"covariates": ["cut"]}
print(
    json.dumps(
        {
            "valid": [client.validate_api_key(), NixtlaClient(api_key="alm_guessed").validate_api_key()],
            "models": client.list_models(),
            "forecast": rows(client.forecast(df, h=7, freq="D", level=[80])),
            "partitioned": rows(client.forecast(df, h=7, freq="D", level=[80], num_partitions=2)),
            "quantiles": rows(client.forecast(df, h=7, quantiles=[0.1, 0.5, 0.9], model="pretrained")),
            "history": rows(client.forecast(df, h=7, freq="D", add_history=True, level=[80])),
            "openEnd": rows(client.forecast(open_end, h=7, freq="D", model="seasonalNaive")),
            "integers": rows(client.forecast(df.assign(ds=np.tile(np.arange(STEPS), 2)), h=7, freq=1, model="naive")),
            "zone": rows(client.forecast(df.assign(ds=df.ds.dt.tz_localize("Asia/Tokyo")), h=7, freq="D", level=[80])),
            "crossValidation": rows(client.cross_validation(df, h=7, n_windows=3, step_size=5, freq="D", model="seasonalNaive")),
            "weighed": rows(client.cross_validation(df, h=7, n_windows=2, freq="D", level=[80])),
            "anomalies": rows(client.detect_anomalies(spiked, freq="D")),
            "job": rows(client.jobs.forecast(df, h=7, freq="D", level=[80]).wait(poll_interval=0.2)),
            # More than a megabyte, which the SDK compresses.
            "compressed": len(client.forecast(many, h=2, freq="D", model="naive")),
            "covariates": rows(covariates(model="priced-model", model_parameters=named)),
            "refusals": {
                "unread": refusal(covariates),
                "unnamed": refusal(lambda: covariates(model="priced-model")),
                "misnamed": refusal(lambda: covariates(model="priced-model", model_parameters={"covariates": ["price"]})),
                "seen": refusal(lambda: client.cross_validation(known[["unique_id", "ds", "y"]], h=24, freq="h", model="plain-model")),
                "tuned": refusal(lambda: client.forecast(df, h=7, freq="D", finetune_steps=5)),
                "model": refusal(lambda: client.forecast(df, h=7, freq="D", model="nothing")),
                "usage": refusal(client.usage),
                "simulated": refusal(lambda: client.simulate(df, h=7, freq="D", n_paths=5)),
            },
        }
    )
)
