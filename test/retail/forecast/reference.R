# Forecasts of R's own HoltWinters() and of forecast::croston(), which reference-r.csv keeps:
#   Rscript test/retail/forecast/reference.R > test/retail/forecast/reference-r.csv
# R 4.2.2, forecast 8.20. The series are R's AirPassengers and the demand below.
suppressPackageStartupMessages(library(forecast))
demand <- c(0, 0, 5, 0, 3, 0, 0, 0, 8, 2, 0, 4, 0, 0, 6, 1, 0, 0, 0, 7)
say <- function(series, method, parameters, values)
  cat(series, method, parameters, sprintf("%.15g", values), sep = ",", fill = 1000)
air <- AirPassengers
for (alpha in c(0.1, 0.3, 0.8)) {
  fit <- HoltWinters(air, alpha = alpha, beta = FALSE, gamma = FALSE)
  say("air", "ses", sprintf("alpha=%g", alpha), as.numeric(predict(fit, 3)))
}
for (alpha in c(0.1, 0.5)) for (beta in c(0.1, 0.3)) {
  fit <- HoltWinters(air, alpha = alpha, beta = beta, gamma = FALSE)
  say("air", "holt", sprintf("alpha=%g beta=%g phi=1", alpha, beta), as.numeric(predict(fit, 3)))
}
first <- as.numeric(air)[1:12]
level <- mean(first)
trend <- (mean(as.numeric(air)[13:24]) - level) / 12
for (alpha in c(0.1, 0.5)) for (gamma in c(0.1, 0.3)) {
  fit <- HoltWinters(air, alpha = alpha, beta = 0.05, gamma = gamma, seasonal = "additive",
    l.start = level, b.start = trend, s.start = first - level)
  say("air", "holt-winters", sprintf("alpha=%g beta=0.05 gamma=%g", alpha, gamma), as.numeric(predict(fit, 14)))
}
for (alpha in c(0.1, 0.3))
  say("demand", "croston", sprintf("alpha=%g", alpha), as.numeric(croston(demand, h = 3, alpha = alpha)$mean))
