using System.Text.Json.Serialization;

namespace KdKernels.Bench.Methods;

/// <summary>A method's training step.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Networks">Models of teacher and student.</param>
/// <param name="Batch">Items of a step.</param>
/// <param name="Stage"><c>first</c> for a two-stage method, whose second stage costs less, else <c>only</c>.</param>
/// <param name="Milliseconds">Of a step with the kernels.</param>
/// <param name="OverNone">That over the plain student's step.</param>
/// <param name="ComposedOverFused">The step with composed operations over the step with the kernels.</param>
internal sealed record MethodStepTime(
    string Method, string Networks, int Batch, string Stage, double Milliseconds, double OverNone, double ComposedOverFused);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MethodStepTime))]
internal sealed partial class MethodStepJson : JsonSerializerContext;
