using System.Runtime.CompilerServices;
using TorchSharp;

namespace KdKernels.TorchSharpSurface;

public class SurfaceCodeTests
{
    private const string WriteVariable = "KD_WRITE_SURFACE";

    [SubsetFact]
    public void Generated_code_uses_every_public_member()
    {
        string path = Path.Combine(Path.GetDirectoryName(ThisFile())!, "Generated", "Surface.g.cs");
        string expected = SurfaceCode.Of(typeof(torch).Assembly);
        if (Environment.GetEnvironmentVariable(WriteVariable) is "1") File.WriteAllText(path, expected);

        string actual = File.ReadAllText(path);

        Assert.True(
            string.Equals(expected, actual, StringComparison.Ordinal),
            $"{path} does not match the public members any more: run `{WriteVariable}=1 dotnet test` on this project, then build again.");
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
