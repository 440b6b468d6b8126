# Forecasts of statsmodels' SimpleExpSmoothing, and of Holt with a damped trend, which reference-statsmodels.csv keeps:
#   python3 test/retail/forecast/reference.py > test/retail/forecast/reference-statsmodels.csv
# statsmodels 0.13.5. The series is the first three years of R's AirPassengers.
import numpy as np
from statsmodels.tsa.holtwinters import Holt, SimpleExpSmoothing

air = np.array([112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158, 133,
                114, 140, 145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166], dtype=float)


def say(method, parameters, values):
    print(",".join(["air3", method, parameters, *("%.15g" % value for value in values)]))


for alpha in (0.1, 0.3, 0.8):
    model = SimpleExpSmoothing(air[1:], initialization_method="known", initial_level=air[0])
    say("ses", f"alpha={alpha}", model.fit(smoothing_level=alpha, optimized=False).forecast(3))
for alpha in (0.1, 0.5):
    for beta in (0.1, 0.3):
        model = Holt(air[2:], damped_trend=True, initialization_method="known", initial_level=air[1],
                     initial_trend=air[1] - air[0])
        fit = model.fit(smoothing_level=alpha, smoothing_trend=beta, damping_trend=0.9, optimized=False)
        say("holt", f"alpha={alpha} beta={beta} phi=0.9", fit.forecast(3))
