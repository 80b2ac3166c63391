using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Features;

/// <summary>Per pair of layers, the student's prediction μ of the teacher's features and the variances of the teacher's
/// channels.</summary>
internal sealed class VidParts : nn.Module
{
    private readonly ModuleList<nn.Module<Tensor, Tensor>> regressors;
    private readonly ModuleList<VidLikelihoodLoss> likelihoods;

    /// <param name="pairs">μ and the teacher's channels for each pair.</param>
    public VidParts(IReadOnlyList<(nn.Module<Tensor, Tensor> Regressor, long Channels)> pairs)
        : base(nameof(VidParts))
    {
        regressors = nn.ModuleList(pairs.Select(pair => pair.Regressor).ToArray());
        likelihoods = nn.ModuleList(
            pairs.Select(pair => new VidLikelihoodLoss(pair.Channels, KdReduction.Mean)).ToArray());
        RegisterComponents();
    }

    /// <summary>The ρ of every pair.</summary>
    public IReadOnlyList<Parameter> Variances => [.. likelihoods.Select(likelihood => likelihood.Rho)];

    /// <summary>A pair's loss.</summary>
    /// <param name="pair">Which one.</param>
    /// <param name="student">The student's features.</param>
    /// <param name="teacher">The teacher's.</param>
    /// <param name="fused">By the kernel, or composed.</param>
    public Tensor Loss(int pair, Tensor student, Tensor teacher, bool fused)
    {
        (student, teacher) = FeatureLayers.SameSize(student, teacher);
        Tensor mean = regressors[pair].call(student);
        VidLikelihoodLoss likelihood = likelihoods[pair];
        return fused
            ? likelihood.call(mean, teacher)
            : VidLikelihoodComposed.Loss(
                mean, teacher, likelihood.Rho, new VidLikelihoodOptions(likelihood.Reduction) { Epsilon = likelihood.Epsilon });
    }

    /// <summary>μ for two layers: 1x1 convolutions from map to map, linear layers from vector to vector, deconvolutions from
    /// vector to map; null from map to vector.</summary>
    public static nn.Module<Tensor, Tensor>? Regressor(long[] student, long[] teacher, int hidden)
    {
        long width = hidden == 0 ? teacher[0] : hidden;
        return (student.Length, teacher.Length) switch
        {
            (3, 3) => nn.Sequential(
                ("conv1", nn.Conv2d(student[0], width, 1, bias: false)),
                ("relu1", nn.ReLU()),
                ("conv2", nn.Conv2d(width, width, 1, bias: false)),
                ("relu2", nn.ReLU()),
                ("conv3", nn.Conv2d(width, teacher[0], 1, bias: false))),
            (1, 1) => nn.Sequential(
                ("linear1", nn.Linear(student[0], width)),
                ("relu1", nn.ReLU()),
                ("linear2", nn.Linear(width, width)),
                ("relu2", nn.ReLU()),
                ("linear3", nn.Linear(width, teacher[0]))),
            (1, 3) => new Deconvolution(student[0], width, teacher),
            _ => null,
        };
    }
}
