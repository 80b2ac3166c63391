using KdKernels.SystemLibTorch.Tests.Nn;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests.Optim;

/// <summary>Twenty steps of an optimiser beside the same twenty steps in plain double precision.</summary>
internal static class Trajectory
{
    private const int Steps = 20;
    private static readonly double[][] Start = [[1, -2, 0.5], [3, -0.25]];

    /// <summary>The definition of an optimiser for one number: its state is an array that starts at zero.</summary>
    /// <param name="value">The parameter.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="state">Whatever the definition remembers.</param>
    /// <param name="step">How often this parameter was changed, this time included.</param>
    /// <returns>The parameter after the step.</returns>
    internal delegate double Rule(double value, double gradient, double[] state, int step);

    /// <summary>The second parameter has no gradient at every third step, so its own count of steps falls behind.</summary>
    internal static void Check(Func<Parameter[], optim.Optimizer> create, Rule rule)
    {
        using var scope = NewDisposeScope();
        Parameter[] parameters = Array.ConvertAll(Start, values => nn.Parameter(tensor(values)));
        using optim.Optimizer optimizer = create(parameters);
        double[][] expected = Array.ConvertAll(Start, values => (double[])values.Clone());
        double[][][] states = Array.ConvertAll(Start, values => Array.ConvertAll(values, _ => new double[4]));
        int[] counts = new int[Start.Length];
        for (int t = 0; t < Steps; t++)
        {
            for (int p = 0; p < parameters.Length; p++)
            {
                if (p == 1 && t % 3 == 2)
                {
                    parameters[p].grad = null;
                    continue;
                }
                double[] values = Numbers.Of(parameters[p]);
                parameters[p].grad = tensor(values.Select((value, i) => Gradient(value, t, i)).ToArray());
                counts[p]++;
                for (int i = 0; i < values.Length; i++)
                    expected[p][i] = rule(expected[p][i], Gradient(expected[p][i], t, i), states[p][i], counts[p]);
            }
            optimizer.step();
            for (int p = 0; p < parameters.Length; p++) Numbers.Close(expected[p], parameters[p], 1e-11);
        }
    }

    /// <summary>A bowl whose bottom moves: no two steps have the same gradient.</summary>
    internal static double Gradient(double value, int t, int i) => (0.5 + 0.25 * i) * (value - Math.Sin(t + i));
}
