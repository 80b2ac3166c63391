namespace TorchSharp.Modules;

internal static class OptimizerChecks
{
    internal static void NotNegative(double value, string what)
    {
        if (!(value >= 0)) throw new ArgumentException($"Invalid {what}: expected a number not below 0 but got {value}");
    }

    internal static void DecayRate(double value, string what)
    {
        if (!(value >= 0 && value < 1)) throw new ArgumentException($"Invalid {what}: expected a number in [0, 1) but got {value}");
    }
}
