using System.Reflection;
using System.Runtime.Loader;
using TorchSharp;
using Xunit.Abstractions;

namespace KdKernels.TorchSharpSurface;

public class SurfaceTests(ITestOutputHelper output)
{
    [TorchSharpFact]
    public void Everything_public_is_in_TorchSharp_with_the_same_spelling()
    {
        string path = Path.GetFullPath(Environment.GetEnvironmentVariable(TorchSharpFactAttribute.Variable)!);
        var context = new AssemblyLoadContext("TorchSharp itself");
        context.Resolving += (inner, name) =>
        {
            string beside = Path.Combine(Path.GetDirectoryName(path)!, $"{name.Name}.dll");
            return File.Exists(beside) ? inner.LoadFromAssemblyPath(beside) : null;
        };
        Assembly whole = context.LoadFromAssemblyPath(path);

        SurfaceComparison comparison = SurfaceComparison.Of(typeof(torch).Assembly, whole);

        output.WriteLine($"{comparison.Types} types, {comparison.Members} members, {comparison.Parameters} parameters compared.");
        Assert.True(comparison.Members > 500, $"expected more than 500 members to compare but got {comparison.Members}");
        Assert.True(comparison.Differences.Count == 0, string.Join("\n", comparison.Differences));
    }
}
