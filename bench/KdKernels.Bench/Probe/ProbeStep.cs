using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.Probe;

/// <summary>
/// One step of the entropy probe on some images at once: noise, features, squared change, entropy, gradient of σ. With our kernels or
/// with the operations that most code composes them of. Without a network the noisy images' gradient is given, so that noise and
/// entropy, forward and backward, are all that there is.
/// </summary>
internal sealed class ProbeStep : IDisposable
{
    private const double HalfLog2PiE = 1.4189385332046727;

    private readonly int _samples;
    private readonly Tensor _images;
    private readonly Tensor _sigma;
    private readonly Tensor _clean;
    private readonly Tensor _upstream;
    private readonly nn.Module<Tensor, Tensor>? _network;
    private uint _step;

    /// <param name="images"><c>[N, 3, size, size]</c>.</param>
    /// <param name="cells">σ is <c>[N, cells, cells]</c>.</param>
    /// <param name="samples">Noisy copies of each.</param>
    /// <param name="network">In evaluation mode, frozen; null for none.</param>
    public ProbeStep(int images, int size, int cells, int samples, nn.Module<Tensor, Tensor>? network)
    {
        _samples = samples;
        _network = network;
        manual_seed(size);
        _images = rand(images, 3, size, size);
        _sigma = (rand(images, cells, cells) * 0.01 + 0.01).detach().requires_grad_();
        _upstream = randn([images * samples, 3, size, size]) * 1e-5;
        using var noGrad = no_grad();
        using Tensor features = network is null ? _images.alias() : network.call(_images);
        _clean = features.reshape(images, 1, -1).relu();
    }

    public void Fused()
    {
        using var scope = NewDisposeScope();
        Tensor noisy = KdFunctional.NoiseProbe(_images, _sigma, seed: 1, _step++, samples: _samples);
        Descend(noisy, KdFunctional.PixelEntropy(_sigma, KdReduction.Mean));
    }

    public void Composed()
    {
        using var scope = NewDisposeScope();
        (long images, long size) = (_images.shape[0], _images.shape[2]);
        Tensor spread = interpolate(_sigma.unsqueeze(1), [size, size], mode: InterpolationMode.Nearest).unsqueeze(1);
        Tensor noise = randn([images, _samples, 3, size, size]);
        Tensor noisy = (_images.unsqueeze(1) + spread * noise).reshape(images * _samples, 3, size, size);
        Descend(noisy, (_sigma.log() + HalfLog2PiE).mean());
    }

    public void Dispose()
    {
        _images.Dispose();
        _sigma.Dispose();
        _clean.Dispose();
        _upstream.Dispose();
    }

    private void Descend(Tensor noisy, Tensor entropy)
    {
        if (_network is null)
        {
            autograd.grad([noisy, entropy], [_sigma], [_upstream, tensor(-7f)])[0].Dispose();
            return;
        }
        Tensor change = _network.call(noisy).reshape(_images.shape[0], _samples, -1).relu() - _clean;
        Tensor loss = change.square().mean([1L, 2L]).sum() - 7 * entropy;
        autograd.grad([loss], [_sigma])[0].Dispose();
    }
}
