using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.Jacobians;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static KdKernels.Distillation.Tests.Methods.ImageDerivatives;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>The penalty on the student's own derivatives, image by image, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class JacobianNormMethodTests
{
    private const int Rows = 4;

    [Theory]
    [InlineData("cross-entropy")]
    [InlineData("squared-error")]
    public void The_norm_is_that_of_every_images_own_derivative(string form)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("jacobian-norm", settings: [("form", form), ("sigma", 0.3)]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));
            Assert.False(step.TeacherRan);

            using var evaluation = new EvaluationMode(sample.Student);
            long[] labels = step.Batch.Labels.data<long>().ToArray();
            Tensor expected = Sum(Rows, n =>
            {
                (Tensor rows, Tensor logits) = Jacobian(sample.Student, Image(step, n), trains: true);
                // d log S_y = dz_y − Σ_k S_k dz_k.
                Tensor log = rows[labels[n]] - nn.functional.softmax(logits, 1).mm(rows);
                return form == "cross-entropy" ? log.square().sum() * 0.5 : rows.square().sum();
            }) * (0.3 * 0.3 / Rows);
            sample.AssertSame(expected, actual);
        }
    }

    [Fact]
    public void With_many_classes_the_norm_is_estimated_without_bias()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(4);
        using var network = new Mlp(classes: 12, channels: 3, imageSize: 4, hidden: 16);
        network.to(ScalarType.Float64);
        using var method = new JacobianNormMethod(
            MethodRecipe.Default("jacobian-norm").Settings.With("form", "squared-error").With("sigma", 1.0).With("projections", 5));
        Tensor images = randn([Rows, 3, 4, 4], ScalarType.Float64);
        double exact = 0;
        for (int n = 0; n < Rows; n++)
        {
            exact += Jacobian(network, images.narrow(0, n, 1), trains: false).Rows.square().sum().item<double>() / Rows;
        }

        double[] draws = [.. Enumerable.Range(0, 200).Select(number =>
            MethodSample.Total(method.Terms(StepOf(network, images, number, DistillOps.Fused))).item<double>())];
        Assert.InRange(draws.Average() / exact, 0.97, 1.03);
        Assert.True(draws.Max() - draws.Min() > 0.05 * exact, "every step has the same directions");
        double composed = MethodSample.Total(method.Terms(StepOf(network, images, 7, DistillOps.Composed))).item<double>();
        Assert.Equal(draws[7], composed, 1e-9 * exact);
    }

    private static MethodStep StepOf(nn.Module<Tensor, Tensor> network, Tensor images, int number, DistillOps ops) =>
        new(() => throw new InvalidOperationException("there is no teacher"), labelWeight: 1)
        {
            Task = ImageClassification.Load(new DataRecipe { Name = "shapes", Train = 60, Test = 20 }, "sample"),
            Batch = new Batch(images, zeros([images.shape[0]], ScalarType.Int64), zeros([images.shape[0]], ScalarType.Int64)),
            Inputs = images,
            Student = new NetworkPass(network, images, new Dictionary<string, Tensor>(StringComparer.Ordinal), images.shape[0]),
            Epoch = 0,
            Step = number,
            Seed = 11,
            FirstStage = false,
            Ops = ops,
        };
}
