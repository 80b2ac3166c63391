using System.Text.Json;
using KdKernels.Cli.Ops;
using KdKernels.Distillation.Formats;

namespace KdKernels.Cli.Tests.Ops;

/// <summary>
/// Runs an op through the real command line, on files, in its three implementations, and compares every output and gradient:
/// the fused and the composed one with the oracle.
/// </summary>
internal static class OpReproduction
{
    /// <param name="op">Its name.</param>
    /// <param name="inputs">By name.</param>
    /// <param name="settings">Such as <c>temperature=3</c>.</param>
    /// <param name="single">Tolerance in float32, relative to the largest element; float64 is held to 1e-9.</param>
    public static async Task CheckAsync(
        string op, Dictionary<string, OpArray> inputs, string[] settings, double single = 1e-4)
    {
        string folder = Directory.CreateTempSubdirectory("kd-op-").FullName;
        try
        {
            foreach (NpyType type in new[] { NpyType.F8, NpyType.F4 })
            {
                // The oracle sees the rounded numbers too, or its answer would be to another question.
                foreach (var (name, array) in inputs) NpyFile.Write(InputPath(name), array.ToNpy(type));
                Dictionary<string, double[]> oracle = await RunAsync("oracle", OpCatalog.Find(op).Outputs[0].Name);
                double tolerance = type == NpyType.F8 ? 1e-9 : single;
                foreach (string implementation in new[] { "fused", "composed" })
                {
                    Dictionary<string, double[]> actual = await RunAsync(implementation, null);
                    Assert.Equal(oracle.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
                    foreach (var (name, expected) in oracle)
                        Compare(expected, actual[name], tolerance, $"{op} {implementation} {type} {name}");
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string InputPath(string name) => Path.Combine(folder, $"in_{name}.npy");

        // The first run of a type also makes the gradient of the main output that all runs use.
        async Task<Dictionary<string, double[]>> RunAsync(string implementation, string? main)
        {
            string results = Path.Combine(folder, implementation), weights = Path.Combine(folder, "weights.npy");
            List<string> arguments = ["op", op, "--impl", implementation, "--grad", "--out", results];
            foreach (string name in inputs.Keys) arguments.AddRange(["--in", $"{name}={InputPath(name)}"]);
            foreach (string setting in settings) arguments.AddRange(["--set", setting]);
            if (main is not null)
            {
                await ExecuteAsync(arguments);
                NpyArray output = NpyFile.Read(Path.Combine(results, $"{main}.npy"));
                OpArray upstream = OpArray.Uniform(-1, 1, 9, [.. output.Shape]);
                NpyFile.Write(weights, upstream.ToNpy(NpyType.F8));
            }

            arguments.AddRange(["--grad-output", weights]);
            using JsonDocument json = await ExecuteAsync(arguments);
            var files = json.RootElement.GetProperty("outputs").EnumerateObject()
                .Concat(json.RootElement.GetProperty("gradients").EnumerateObject().Select(gradient => gradient))
                .Select(entry => entry.Value.GetProperty("file").GetString()!);
            return files.ToDictionary(
                file => Path.GetFileNameWithoutExtension(file), file => NpyFile.Read(file).ToDoubles(), StringComparer.Ordinal);
        }
    }

    private static async Task<JsonDocument> ExecuteAsync(List<string> arguments)
    {
        var console = new CapturedConsole();
        int code = await console.RunAsync([.. arguments]);
        Assert.True(code == ExitCode.Done, $"{string.Join(' ', arguments)}: {console.Error}");
        return JsonDocument.Parse(console.LastLine);
    }

    private static void Compare(double[] expected, double[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) <= tolerance * largest;
            Assert.True(same, $"{what}, element {i}: expected {expected[i]:R} but got {actual[i]:R}");
        }
    }
}
